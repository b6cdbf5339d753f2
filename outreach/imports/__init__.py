"""Data of the previous system: past sends, answers, rejections, pending drafts."""
