pub struct Speak;
