"""A project as its page tells it: the results chain, money by year, and the versions of each part."""
