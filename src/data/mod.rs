//! stub while the real one is written
use std::path::{Path,PathBuf};
use crate::error::*;
#[derive(Debug,Clone)] pub struct Vocabulary(Vec<char>);
impl Vocabulary{ pub fn len(&self)->usize{self.0.len()} }
#[derive(Debug,Clone)] pub struct Text{pub name:String,pub characters:Vec<u32>,pub vocabulary:Vocabulary,pub sha256:String}
impl Text{ pub fn from_file(_:&Path)->Result<Text>{unimplemented!()} pub fn from_dataset(_:&str,_:&Path)->Result<Text>{unimplemented!()} pub fn require(&self,_:usize)->Result<()>{Ok(())} }
#[derive(Debug,PartialEq)] pub enum Status{Absent,Complete{files:usize,bytes:u64},Damaged{what:String}}
pub fn root()->PathBuf{"data".into()}
pub struct Dataset{pub name:&'static str,pub title:&'static str,pub licence:&'static str}
pub const DATASETS:&[Dataset]=&[];
pub fn verify(_:&str,_:&Path)->Result<Status>{Ok(Status::Absent)}
pub fn fetch(_:&str,_:&Path,_:bool)->Result<()>{Ok(())}
