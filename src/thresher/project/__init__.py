"""What the user wrote: read once, checked as a whole, then one frozen value."""
