"""What is told of a project: pictures of its graph, and a summary, between markers in documents."""
