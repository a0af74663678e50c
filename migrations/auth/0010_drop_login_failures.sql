-- Wrong passwords are counted by an object an address.
DROP TABLE login_failures;
