pub struct Listen; pub struct Listening; pub struct Flushed;
