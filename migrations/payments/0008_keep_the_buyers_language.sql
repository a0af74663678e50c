-- What the buyer reads, as he said when he ordered: mails about the order are written in it. NULL: he did not say, or none of ours.
ALTER TABLE orders ADD COLUMN language TEXT CHECK (length(language) BETWEEN 2 AND 35);
