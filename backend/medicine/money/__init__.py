"""The float's money in volunteers' hands: advanced, spent, handed in; nobody holds any of it overnight."""
