"""How much of the number is the outline: variations as other readers may draw them, and what they change.

`perturbation` draws them, `stability` predicts them and sums them up, `surfaces` tells how far two outlines lie apart.
"""
