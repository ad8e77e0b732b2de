"""The result as a page for a colleague: HTML that needs nothing else, or PDF made from it.

`page` puts it together from the pictures of `views`, the drawings of `charts`, what `model_facts` knows of the model
and `identity` of the patient. `html` and `page_style` are what it is written in.
"""
