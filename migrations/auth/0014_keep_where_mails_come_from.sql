-- What a mail about an account's safety tells of: the kind of device and the place that it was done from, as security events have them.
ALTER TABLE account_mails ADD COLUMN device TEXT CHECK (length(device) <= 64);
ALTER TABLE account_mails ADD COLUMN place TEXT CHECK (length(place) <= 128);
