"""Objects and files: what reaches the disk, and stays there."""
