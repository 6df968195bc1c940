"""The conduct of clients, judged by numbered rules: what went by goes in, findings come out."""
