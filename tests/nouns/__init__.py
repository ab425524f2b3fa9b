"""Tests of larry/nouns: pure, no database."""
