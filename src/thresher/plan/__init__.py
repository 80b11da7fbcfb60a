"""What will be done and why: pure functions of the project and of what is there."""
