"""A believable counter-terrorism capacity-building portfolio as IATI 2.03 activity files, from a seed.

Entities, projects and figures are invented, and every activity says so; countries, regions and code lists are
real. A project depends on nothing but (seed, index, edition): see ``portfolio``. What a portfolio of real files
teaches (methodology §2.5) is in it: missing values, figures only in words, nested periods, thirds that do not
add up to a hundred.
"""
