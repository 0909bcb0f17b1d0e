-- What a program is told is sealed for it: certificate, its name, what is to be in it, and our own name. JSON, model::subscription::Sealed.
ALTER TABLE subscription ADD COLUMN sealed TEXT;
