"""What was said: speech compared with sounds that are known, and with words that are expected."""
