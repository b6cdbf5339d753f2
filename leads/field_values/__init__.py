"""How outsiders write things: websites, domains in lists, countries, numbers of employees, times.

Pure: texts in, values of known form out.
"""
