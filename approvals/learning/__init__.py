"""What people's decisions teach: rejections beside the next draft, patterns, and edits."""
