-- What is on, without any word or filter: the word that stands for it in the index is the most frequent of all, and the dearest.
CREATE INDEX documents_on ON documents (doc_id) WHERE over = 0;
CREATE INDEX fresh_documents_on ON fresh_documents (doc_id) WHERE over = 0;
