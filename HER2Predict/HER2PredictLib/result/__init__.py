"""What a prediction comes to: the record that is shown and saved, what it brings to say, and the words for it.

`result.Result` is the record; `cautions` the findings that it brings; `wording` the sentences, without markup.
"""
