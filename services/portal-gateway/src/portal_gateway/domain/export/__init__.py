"""What a file of projects holds, in each of its forms: rows for sheets, documents for programs, IATI for exchange."""
