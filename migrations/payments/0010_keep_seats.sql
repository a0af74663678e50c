-- Which seats a line is of: a JSON array of { id, label } as the event's object gave them. NULL: without seats.
ALTER TABLE order_lines ADD COLUMN seats TEXT CHECK (json_array_length(seats) >= 1);
