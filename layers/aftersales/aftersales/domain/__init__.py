"""What an after-sales desk is: pure values, tables and small functions.

Imports the standard library only; there is no clock, no id generator and no I/O here.
Times are UTC epoch milliseconds, money is an integer in the currency's minor unit.
"""
