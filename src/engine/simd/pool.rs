//! The threads of a job: those that libtorch itself works with.
//!
//! libtorch's threads are OpenMP's, and after each piece of work they wait busily for the next one. Threads of our own
//! beside them would share the processors with that waiting, which doubled the time of a small layer; and libtorch's
//! next operation would meet ours. So a job is run by OpenMP, found at run time in what libtorch has loaded. Where it
//! uses another library, threads are made for the job.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// Looks at a flag before the processor is given to others: long enough for a step of another thread.
const SPINS: usize = 1 << 14;

/// A thread's view of a job.
pub struct Worker<'a> {
    /// Which of the job's threads this is.
    pub index: usize,
    /// How many there are.
    pub count: usize,
    meeting: &'a Meeting,
}

impl Worker<'_> {
    /// Waits for all threads of the job. What each wrote before, all can read after.
    pub fn barrier(&self) {
        self.meeting.wait(self.count);
    }
}

/// Where the threads of a job meet.
#[derive(Default)]
struct Meeting {
    arrived: AtomicUsize,
    round: AtomicUsize,
    /// A thread has panicked and will not come.
    broken: AtomicBool,
}

impl Meeting {
    fn wait(&self, count: usize) {
        let round = self.round.load(Ordering::Acquire);
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == count {
            self.arrived.store(0, Ordering::Relaxed);
            self.round.store(round.wrapping_add(1), Ordering::Release);
            return;
        }
        let mut spins = 0;
        while self.round.load(Ordering::Acquire) == round {
            assert!(!self.broken.load(Ordering::Relaxed), "another thread of the job has panicked");
            spins += 1;
            if spins < SPINS { std::hint::spin_loop() } else { thread::yield_now() }
        }
    }
}

/// A job and what its threads know of one another.
struct Job<'a> {
    work: &'a (dyn Fn(Worker) + Sync),
    meeting: Meeting,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

impl Job<'_> {
    /// What thread `index` of `count` does; it never panics.
    fn run(&self, index: usize, count: usize) {
        let worker = Worker { index, count, meeting: &self.meeting };
        if let Err(why) = catch_unwind(AssertUnwindSafe(|| (self.work)(worker))) {
            // The first to say why is heard: the others only find the meeting broken.
            if let Ok(mut first) = self.panic.lock() {
                first.get_or_insert(why);
            }
            self.meeting.broken.store(true, Ordering::Relaxed);
        }
    }
}

/// Runs `work` on up to `count` threads, this one among them, and waits for all.
///
/// # Panics
/// Where a thread of the job does.
pub fn run(count: usize, work: impl Fn(Worker) + Sync) {
    let job = Job { work: &work, meeting: Meeting::default(), panic: Mutex::new(None) };
    if count == 1 {
        job.run(0, 1);
    } else if !openmp::run(&job, count) {
        thread::scope(|scope| {
            let job = &job;
            for index in 1..count {
                scope.spawn(move || job.run(index, count));
            }
            job.run(0, count);
        });
    }
    let panic = job.panic.into_inner().ok().flatten();
    if let Some(panic) = panic {
        resume_unwind(panic);
    }
}

#[cfg(target_os = "linux")]
mod openmp {
    use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
    use std::sync::OnceLock;

    use super::Job;

    /// The functions that GNU's compiler calls for `#pragma omp parallel`; LLVM's and Intel's library have them too.
    struct OpenMp {
        parallel: unsafe extern "C" fn(unsafe extern "C" fn(*mut c_void), *mut c_void, c_uint, c_uint),
        thread: unsafe extern "C" fn() -> c_int,
        threads: unsafe extern "C" fn() -> c_int,
    }

    unsafe extern "C" {
        fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    }

    /// What is loaded, if it is there.
    fn loaded() -> Option<&'static OpenMp> {
        static LOADED: OnceLock<Option<OpenMp>> = OnceLock::new();
        let find = |name: &CStr| {
            // SAFETY: the default search (null) for a name that ends with a zero.
            let found = unsafe { dlsym(std::ptr::null_mut(), name.as_ptr()) };
            (!found.is_null()).then_some(found)
        };
        let load = || {
            let (parallel, thread, threads) =
                (find(c"GOMP_parallel")?, find(c"omp_get_thread_num")?, find(c"omp_get_num_threads")?);
            // SAFETY: the names are OpenMP's own, and these are their types.
            unsafe {
                Some(OpenMp {
                    parallel: std::mem::transmute::<
                        *mut c_void,
                        unsafe extern "C" fn(unsafe extern "C" fn(*mut c_void), *mut c_void, c_uint, c_uint),
                    >(parallel),
                    thread: std::mem::transmute::<*mut c_void, unsafe extern "C" fn() -> c_int>(thread),
                    threads: std::mem::transmute::<*mut c_void, unsafe extern "C" fn() -> c_int>(threads),
                })
            }
        };
        LOADED.get_or_init(load).as_ref()
    }

    /// Runs a job on OpenMP's threads: `count`, or fewer where OpenMP has no more to give. Says whether it is there.
    pub fn run(job: &Job, count: usize) -> bool {
        let (Some(openmp), Ok(count)) = (loaded(), c_uint::try_from(count)) else { return false };
        let mut job: &Job = job;
        // SAFETY: `part` is called with the address given, on threads that are done when this returns.
        unsafe { (openmp.parallel)(part, (&raw mut job).cast(), count, 0) };
        true
    }

    /// What OpenMP calls on each thread.
    ///
    /// # Safety
    /// `job` is what [`run`] gave, and OpenMP is loaded.
    unsafe extern "C" fn part(job: *mut c_void) {
        let Some(openmp) = loaded() else { return };
        // SAFETY: by this function's own contract; no thread writes the job.
        let (job, index, count) = unsafe { (*job.cast::<&Job>(), (openmp.thread)(), (openmp.threads)()) };
        job.run(index as usize, count as usize);
    }
}

#[cfg(not(target_os = "linux"))]
mod openmp {
    /// Elsewhere libtorch does not work with OpenMP, or is not sure to.
    pub fn run(_: &super::Job, _: usize) -> bool {
        false
    }
}
