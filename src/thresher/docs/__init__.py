"""What is drawn of a project: pictures of its graph."""
