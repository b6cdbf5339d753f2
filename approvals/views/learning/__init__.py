"""Pages from which the team learns: quality scores, training, rejections and edits."""
