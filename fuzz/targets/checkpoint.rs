#![no_main]

lstm_lab_fuzz::fuzz!(checkpoint);
