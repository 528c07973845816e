//! Experiments on a SLURM cluster: the parts of an array, the scripts that are submitted, and a real cluster.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use lstm_lab::results::schema::RunRow;
use lstm_lab::results::table;

use crate::support::cli::{Finished, command, finish};
use crate::support::with_config;

const GRADIENTS: &str = "kind = \"gradients\"\nseeds = [1, 2, 3]\n[grid]\ncell = \"rnn\"\n\
                         hidden_size = [2, 4]\nseq_len = 5\nbatch_size = 2\n";

/// `lstm-lab run x.toml` in task `id` of an array with the tasks 5 and 7.
fn in_array(dir: &Path, id: &str, more: &[&str]) -> Finished {
    let mut command = command(dir);
    command.args(["run", "x.toml", "--device", "cpu", "--threads", "1"]).args(more);
    let array = [("ID", id), ("COUNT", "2"), ("MIN", "5"), ("MAX", "7"), ("STEP", "2")];
    command.envs(array.map(|(name, value)| (format!("SLURM_ARRAY_TASK_{name}"), value)));
    finish(command)
}

fn submit(dir: &Path, arguments: &[&str]) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/slurm/submit");
    let mut command = Command::new("python3");
    command.current_dir(dir).arg(script).arg("--program").arg(cargo_bin("lstm-lab")).args(arguments);
    command.output().unwrap()
}

#[test]
fn run_in_a_slurm_array_executes_its_part_and_no_runs_writes_the_tables() {
    let dir = with_config("x.toml", GRADIENTS);
    let runs = || table::read::<RunRow>(&dir.path().join("results/x/runs.csv")).unwrap().len();
    let said = in_array(dir.path(), "7", &[]);
    assert!(said.code == 0 && said.stderr.contains("--shard 2/2, the place of this task"), "{}", said.stderr);
    assert_eq!(runs(), 3);
    // Tables that a killed process did not bring up to date.
    fs::write(dir.path().join("results/x/runs.csv"), "").unwrap();
    let said = in_array(dir.path(), "5", &["--no-runs"]);
    assert!(said.code == 0 && said.stderr.contains("3 still missing"), "{}", said.stderr);
    assert_eq!(runs(), 3);
    assert_eq!(in_array(dir.path(), "5", &["-q"]).code, 0);
    assert_eq!(runs(), 6);

    let said = in_array(dir.path(), "6", &["-q"]);
    assert!(said.code == 2 && said.stderr.contains("found 2 tasks from 5 to 7"), "{}", said.stderr);
    assert_eq!(in_array(dir.path(), "6", &["-q", "--shard", "1/2"]).code, 0);
    let said = in_array(dir.path(), "5", &["--no-runs", "--rerun"]);
    assert!(said.code == 2 && said.stderr.contains("cannot be used with"), "{}", said.stderr);
}

#[test]
fn submit_writes_an_array_with_time_memory_and_signal_and_a_report_after_it() {
    let dir = with_config("x.toml", GRADIENTS);
    let more =
        ["--dry-run", "--cpus", "3", "--seeds", "2", "--gpus", "1", "--sbatch=--partition=long", "x.toml"];
    let output = submit(dir.path(), &more);
    let (said, scripts) = (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{said}");
    for line in [
        "#SBATCH --array=1-4\n",
        "#SBATCH --requeue\n",
        "#SBATCH --signal=USR1@120\n",
        "#SBATCH --cpus-per-task=3\n",
        "#SBATCH --gres=gpu:1\n",
        "#SBATCH --partition=long\n",
        " run x.toml --threads 3 --device cuda --seeds 2 --out results || code=$?\n",
        " run x.toml --threads 3 --device cuda --seeds 2 --out results --no-runs\n",
    ] {
        assert!(scripts.contains(line), "{line:?} is not in:\n{scripts}");
    }
    let memory = scripts.lines().find_map(|line| line.strip_prefix("#SBATCH --mem=")?.strip_suffix('M'));
    assert!(memory.unwrap().parse::<u64>().unwrap() >= 1024, "{scripts}");
    assert!(!dir.path().join("slurm").exists(), "a dry run writes nothing");

    for (wrong, code, problem) in [
        (&["--tasks", "0", "x.toml"][..], 2, "argument --tasks: invalid positive value"),
        (&["absent.toml"], 1, "absent.toml"),
    ] {
        let output = submit(dir.path(), wrong);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(code) && said.contains(problem), "{said}");
    }
}

mod needs_slurm {
    use std::net::TcpListener;
    use std::process::Child;
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    use tempfile::TempDir;

    use super::*;
    use crate::support::lab;

    /// A run takes seconds, so that a signal finds it at work on a fast processor, too.
    const TRAINING: &str = "kind = \"training\"\nseeds = [1, 2, 3, 4]\n[task]\nname = \"adding\"\n[grid]\n\
                            cell = \"lstm\"\nhidden_size = 24\nseq_len = 20\nbatch_size = 8\n[training]\n\
                            steps = 4000\nlog_every = 7\neval_sequences = 8\ncheckpoint_seconds = 1\n";

    /// Two nodes with one processor each, all on this machine.
    struct Cluster {
        dir: TempDir,
        daemons: Vec<Child>,
    }

    impl Cluster {
        fn start() -> Cluster {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().display();
            let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
            let host = host.trim();
            let listeners: Vec<_> = (0..3).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
            let ports: Vec<u16> = listeners.iter().map(|free| free.local_addr().unwrap().port()).collect();
            drop(listeners);
            let node = |name: &str, port: u16| {
                format!(
                    "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=1 \
                     RealMemory=2000\n"
                )
            };
            let config = format!(
                "ClusterName=test\nSlurmctldHost={host}(127.0.0.1)\nSlurmctldPort={}\nSlurmUser=root\n\
                 AuthInfo=socket={path}/munge\nStateSaveLocation={path}/state\n\
                 SlurmdSpoolDir={path}/spool-%n\n\
                 SlurmctldPidFile={path}/slurmctld.pid\nSlurmdPidFile={path}/slurmd-%n.pid\n\
                 ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nSelectType=select/cons_tres\n\
                 SelectTypeParameters=CR_CPU\nSchedulerParameters=sched_interval=1,bf_interval=1\n\
                 KillWait=2\n\
                 MailProg=/bin/true\n{}{}PartitionName=all Nodes=ALL Default=YES State=UP\n",
                ports[0],
                node("one", ports[1]),
                node("two", ports[2])
            );
            fs::write(dir.path().join("slurm.conf"), config).unwrap();
            fs::create_dir(dir.path().join("state")).unwrap();
            let mut cluster = Cluster { dir, daemons: Vec::new() };
            fs::write(cluster.dir.path().join("key"), [7; 64]).unwrap();
            let own = [
                "socket=munge", "key-file=key", "pid-file=munged.pid", "seed-file=seed",
                "log-file=munged.log",
            ]
            .map(|file| format!("--{}", file.replace('=', &format!("={}/", cluster.dir.path().display()))));
            cluster.call("chmod", &["400", "key"]);
            cluster
                .daemon("munged", &[&["--foreground".to_string(), "--force".to_string()], &own[..]].concat());
            cluster.wait("munged", |cluster| cluster.dir.path().join("munge").exists());
            cluster.daemon("slurmctld", &["-D".to_string()]);
            for name in ["one", "two"] {
                cluster.daemon("slurmd", &["-D", "-N", name].map(String::from));
            }
            cluster.wait("nodes", |cluster| {
                cluster.call("sinfo", &["-h", "-t", "idle", "-o", "%D"]).trim() == "2"
            });
            cluster
        }

        fn command(&self, program: &str) -> Command {
            let mut command = Command::new(program);
            command.current_dir(self.dir.path()).env("SLURM_CONF", self.dir.path().join("slurm.conf"));
            command
        }

        fn daemon(&mut self, program: &str, arguments: &[String]) {
            let log = fs::File::create(self.dir.path().join(format!("{program}-{}.log", self.daemons.len())));
            let log = log.unwrap();
            let mut command = self.command(program);
            command.args(arguments).stdout(log.try_clone().unwrap()).stderr(log);
            self.daemons.push(command.spawn().unwrap());
        }

        /// The output of a command.
        fn call(&self, program: &str, arguments: &[&str]) -> String {
            let output = self.command(program).args(arguments).output().unwrap();
            String::from_utf8_lossy(&output.stdout).into_owned()
        }

        /// Waits until something is true, and lets tasks that went back into the queue start at once.
        fn wait(&self, what: &str, is_there: impl Fn(&Cluster) -> bool) {
            let begin = Instant::now();
            while !is_there(self) {
                for line in self.call("squeue", &["-h", "-r", "-t", "PD", "-o", "%i %r"]).lines() {
                    if let Some(job) = line.strip_suffix(" BeginTime") {
                        self.call("scontrol", &["update", &format!("JobId={job}"), "StartTime=now"]);
                    }
                }
                let queue = || self.call("squeue", &["-r"]);
                assert!(begin.elapsed() < Duration::from_secs(300), "no {what}:\n{}", queue());
                sleep(Duration::from_millis(300));
            }
        }
    }

    impl Drop for Cluster {
        fn drop(&mut self) {
            self.call("scancel", &["--full", "-u", "root"]);
            for daemon in self.daemons.iter_mut().rev() {
                let _ = Command::new("kill").arg(daemon.id().to_string()).status();
                let _ = daemon.wait();
            }
        }
    }

    /// The process of a run that is being executed.
    fn process(dir: &Path) -> Option<String> {
        let entries = fs::read_dir(dir.join("results/x/runs")).ok()?.flatten();
        let mut locks =
            entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "lock"));
        let text = fs::read_to_string(locks.next()?).ok()?;
        text.lines().find_map(|line| line.strip_prefix("pid ")).map(String::from)
    }

    #[test]
    #[ignore = "needs slurmctld, slurmd and munge, as root"]
    fn array_with_a_killed_task_a_signal_and_a_drained_node_ends_with_whole_tables() {
        let whole = with_config("x.toml", TRAINING);
        assert_eq!(lab(whole.path(), &["run", "x.toml", "-q", "--device", "cpu", "--threads", "1"]).code, 0);
        let cluster = Cluster::start();
        let dir = with_config("x.toml", TRAINING);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/slurm/submit");
        let mut command = cluster.command("python3");
        command.current_dir(dir.path()).arg(script).arg("--program").arg(cargo_bin("lstm-lab"));
        let output =
            command.args(["--tasks", "2", "--cpus", "1", "--time", "00:20:00", "x.toml"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(said.starts_with("4 runs in 2 tasks: job 1; tables and reports after them: job "), "{said}");

        cluster.wait("first run", |_| process(dir.path()).is_some());
        assert!(Command::new("kill").arg("-9").arg(process(dir.path()).unwrap()).status().unwrap().success());
        let restarts = |cluster: &Cluster, task: &str| cluster.call("scontrol", &["show", "job", task]);
        let is_again = |cluster: &Cluster| {
            ["1_1", "1_2"].iter().any(|task| restarts(cluster, task).contains("Restarts=1"))
        };
        cluster.wait("killed task in the queue again", is_again);
        cluster.call("scontrol", &["update", "NodeName=two", "State=DRAIN", "Reason=test"]);
        cluster.wait("another run", |_| process(dir.path()).is_some());
        cluster.call("scancel", &["--signal=USR1", "1"]);
        cluster.wait("end of all jobs", |cluster| cluster.call("squeue", &["-h"]).trim().is_empty());

        let read = |dir: &Path, file: &str| fs::read_to_string(dir.join("results/x").join(file)).unwrap();
        let logs = || -> String {
            let logs = fs::read_dir(dir.path().join("slurm")).unwrap();
            logs.map(|log| fs::read_to_string(log.unwrap().path()).unwrap()).collect()
        };
        assert_eq!(read(dir.path(), "training.csv"), read(whole.path(), "training.csv"), "{}", logs());
        let runs = table::read::<RunRow>(&dir.path().join("results/x/runs.csv")).unwrap();
        assert_eq!(runs.iter().filter(|(_, run)| run.status == "ok").count(), 4);
        assert!(read(dir.path(), "report.md").contains("4 runs"));
        assert!(logs().contains("kept ") && logs().contains("tried last"), "{}", logs());
        assert!(process(dir.path()).is_none(), "no lock stays");
    }
}
