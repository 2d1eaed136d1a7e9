"""porlake: what does an exchange really hold, who can prove control of it, and does it cover what is owed?"""

__version__ = "0.1.0"
