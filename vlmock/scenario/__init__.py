"""What to answer: scenario files, and how they are matched."""
