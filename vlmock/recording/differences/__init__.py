"""What the events of one recording have that those of another have not: compared, graded, reported."""
