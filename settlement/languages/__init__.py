"""What people read, in each language: sentences, words, numbers and dates."""
