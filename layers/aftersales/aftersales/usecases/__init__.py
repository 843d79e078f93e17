"""What the desk can be asked to do, one file each.

A use case reads, lets the domain decide, and writes once. It knows its surroundings only through `ports`.
"""
