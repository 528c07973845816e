//! Parallel regions, on OpenMP's threads if the process has loaded OpenMP, else on new threads.
//!
//! Frameworks such as libtorch run on OpenMP's threads, which spin after each region until the next one
//! begins. Other threads would compete with the spinning threads, which doubled the time of a small layer.
//! A region therefore runs on OpenMP's threads. The library is looked up at run time (see [`openmp`]), and
//! the crate links to nothing.

use std::any::Any;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::partition::chunk;

/// The number of polls of a flag before a thread yields its processor. It covers one step of another
/// thread.
const SPINS: usize = 1 << 14;

/// A thread of a parallel region, as its work sees it.
pub struct Worker<'a> {
    /// The index of this thread, from 0 on.
    pub index: usize,
    /// The number of threads.
    pub count: usize,
    barrier: &'a SpinBarrier,
    /// The number of tasks that the threads have claimed.
    claimed: &'a AtomicUsize,
}

impl Worker<'_> {
    /// Claims the next task below number `end`. Each task goes to one thread. Tasks are numbered from 0 on
    /// over the whole region.
    pub fn claim(&self, end: usize) -> Option<usize> {
        let next = |task| (task < end).then_some(task + 1);
        self.claimed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()
    }

    /// Waits for all threads of the region. Each thread then sees all writes that the others made before
    /// the barrier.
    pub fn barrier(&self) {
        self.barrier.wait(self.count);
    }

    /// Returns this thread's part of `count` items.
    pub fn chunk(&self, count: usize) -> Range<usize> {
        chunk(count, self.index, self.count)
    }
}

/// A barrier that spins. A panic of one thread releases the others with a panic.
#[derive(Default)]
struct SpinBarrier {
    arrived: AtomicUsize,
    generation: AtomicUsize,
    poisoned: AtomicBool,
}

impl SpinBarrier {
    fn wait(&self, count: usize) {
        let generation = self.generation.load(Ordering::Acquire);
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == count {
            self.arrived.store(0, Ordering::Relaxed);
            self.generation.store(generation.wrapping_add(1), Ordering::Release);
            return;
        }
        let mut spins = 0;
        while self.generation.load(Ordering::Acquire) == generation {
            assert!(!self.poisoned.load(Ordering::Relaxed), "another thread of the region has panicked");
            spins += 1;
            if spins < SPINS { std::hint::spin_loop() } else { thread::yield_now() }
        }
    }
}

/// The work of a parallel region and the state that its threads share.
struct Region<'a> {
    work: &'a (dyn Fn(Worker) + Sync),
    barrier: SpinBarrier,
    claimed: AtomicUsize,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

impl Region<'_> {
    /// Does the work of thread `index` of `count`. This function never unwinds.
    fn run(&self, index: usize, count: usize) {
        let worker = Worker { index, count, barrier: &self.barrier, claimed: &self.claimed };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (self.work)(worker))) {
            // The first panic is the cause. The others only report the poisoned barrier.
            if let Ok(mut first) = self.panic.lock() {
                first.get_or_insert(panic);
            }
            self.barrier.poisoned.store(true, Ordering::Relaxed);
        }
    }
}

/// Runs `work` on up to `count` threads, the caller among them, and waits for all.
///
/// # Panics
/// If `work` panics on any thread.
pub fn run(count: usize, work: impl Fn(Worker) + Sync) {
    let region = Region {
        work: &work,
        barrier: SpinBarrier::default(),
        claimed: AtomicUsize::new(0),
        panic: Mutex::new(None),
    };
    if count == 1 {
        region.run(0, 1);
    } else if !openmp::run(&region, count) {
        thread::scope(|scope| {
            let region = &region;
            for index in 1..count {
                scope.spawn(move || region.run(index, count));
            }
            region.run(0, count);
        });
    }
    if let Some(panic) = region.panic.into_inner().ok().flatten() {
        resume_unwind(panic);
    }
}

/// OpenMP, found with `dlsym` among the libraries that the process has loaded.
#[cfg(target_os = "linux")]
mod openmp {
    use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
    use std::mem::transmute;
    use std::sync::OnceLock;

    use super::Region;

    type Outlined = unsafe extern "C" fn(*mut c_void);
    type Parallel = unsafe extern "C" fn(Outlined, *mut c_void, c_uint, c_uint);
    type Query = unsafe extern "C" fn() -> c_int;

    /// The functions that GCC calls for `#pragma omp parallel`. LLVM's and Intel's libraries export them too.
    struct OpenMp {
        parallel: Parallel,
        thread_num: Query,
        num_threads: Query,
    }

    unsafe extern "C" {
        fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    }

    /// Returns the library's functions if it is loaded.
    fn loaded() -> Option<&'static OpenMp> {
        static LOADED: OnceLock<Option<OpenMp>> = OnceLock::new();
        let find = |name: &CStr| {
            // SAFETY: the name ends with a zero byte; null asks for the default search order.
            let found = unsafe { dlsym(std::ptr::null_mut(), name.as_ptr()) };
            (!found.is_null()).then_some(found)
        };
        let load = || {
            let parallel = find(c"GOMP_parallel")?;
            let (thread_num, num_threads) = (find(c"omp_get_thread_num")?, find(c"omp_get_num_threads")?);
            // SAFETY: the names are reserved by OpenMP, and these are the types of the functions.
            Some(unsafe {
                OpenMp {
                    parallel: transmute::<*mut c_void, Parallel>(parallel),
                    thread_num: transmute::<*mut c_void, Query>(thread_num),
                    num_threads: transmute::<*mut c_void, Query>(num_threads),
                }
            })
        };
        LOADED.get_or_init(load).as_ref()
    }

    /// Runs a region on at most `count` of OpenMP's threads. Returns false if OpenMP is not loaded.
    pub fn run(region: &Region, count: usize) -> bool {
        let (Some(openmp), Ok(count)) = (loaded(), c_uint::try_from(count)) else { return false };
        let mut region: &Region = region;
        // SAFETY: `run_thread` gets the address of `region`, and all threads have ended their part when
        // the call returns.
        unsafe { (openmp.parallel)(run_thread, (&raw mut region).cast(), count, 0) };
        true
    }

    /// The function that OpenMP calls on each thread.
    ///
    /// # Safety
    /// `region` is the address that [`run`] passed, and OpenMP is loaded.
    unsafe extern "C" fn run_thread(region: *mut c_void) {
        let Some(openmp) = loaded() else { return };
        // SAFETY: by this function's contract; no thread writes the region.
        let (region, index, count) =
            unsafe { (*region.cast::<&Region>(), (openmp.thread_num)(), (openmp.num_threads)()) };
        region.run(index as usize, count as usize);
    }
}

/// The absence of OpenMP: outside Linux, frameworks do not reliably use it.
#[cfg(not(target_os = "linux"))]
mod openmp {
    pub fn run(_: &super::Region, _: usize) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_when_a_thread_panics_panics_and_later_regions_work() {
        let outcome = catch_unwind(|| {
            run(2, |worker| {
                assert!(worker.index == 0 && worker.count == 2, "on purpose");
                worker.barrier();
            });
        });
        assert!(outcome.is_err());
        let sum = AtomicUsize::new(0);
        run(2, |worker| {
            sum.fetch_add(1, Ordering::Relaxed);
            worker.barrier();
            assert_eq!(sum.load(Ordering::Relaxed), worker.count);
        });
    }

    /// Each thread adds its number in each round, and checks the sum after the barrier.
    fn check_rounds(threads: usize, rounds: usize) {
        let sums: Vec<AtomicUsize> = (0..rounds).map(|_| AtomicUsize::new(0)).collect();
        run(threads, |worker| {
            for sum in &sums {
                sum.fetch_add(worker.index + 1, Ordering::Relaxed);
                worker.barrier();
                assert_eq!(sum.load(Ordering::Relaxed), worker.count * (worker.count + 1) / 2);
            }
        });
    }

    #[test]
    fn run_with_many_thread_counts_and_callers_sees_all_writes_after_each_barrier() {
        for threads in 1..=9 {
            (0..20).for_each(|rounds| check_rounds(threads, rounds));
        }
        thread::scope(|scope| {
            for caller in 1..=4 {
                scope.spawn(move || (0..10).for_each(|rounds| check_rounds(caller, rounds)));
            }
        });
    }
}
