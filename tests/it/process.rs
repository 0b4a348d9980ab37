//! The program as a process of its own, with limits and a log of its own.

use crate::harness::{ADMIN_TOKEN, PATIENCE};
use ozmap_simulator::Simulator;
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use serde_json::Value;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::Stdio;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

/// A running proxy, its first refresh done.
pub(crate) struct Process {
    child: Child,
    pub(crate) public: SocketAddr,
    pub(crate) admin: SocketAddr,
    /// The lines of its log since then.
    log: mpsc::UnboundedReceiver<String>,
    start_log: Vec<String>,
    descriptors: u64,
    folder: TempDir,
}

impl Process {
    /// With at most so many descriptors, in front of this simulator, with more in its environment.
    pub(crate) async fn start(simulator: &Simulator, descriptors: u64, env: &[(&str, &str)]) -> Self {
        Self::launch(simulator, descriptors, env, &[]).await
    }

    /// Behind two sockets that are open already, for clients and for operators, as systemd hands them over.
    pub(crate) async fn start_behind(
        sockets: &[TcpListener; 2],
        simulator: &Simulator,
        env: &[(&str, &str)],
    ) -> Self {
        Self::launch(simulator, 1_024, env, sockets).await
    }

    /// The same with a socket for clients only.
    pub(crate) async fn start_behind_one(socket: &TcpListener, simulator: &Simulator) -> Self {
        Self::launch(simulator, 1_024, &[], std::slice::from_ref(socket)).await
    }

    async fn launch(
        simulator: &Simulator,
        descriptors: u64,
        env: &[(&str, &str)],
        sockets: &[TcpListener],
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = format!("[tenants.demo]\nhost = \"{}\"\nkey_file = \"key\"\n", simulator.host());
        std::fs::write(folder.path().join("config.toml"), config).unwrap();
        std::fs::write(folder.path().join("key"), simulator.full_key()).unwrap();
        // What systemd does: the sockets are descriptors 3 and 4, and the environment tells whose they are.
        let hand_over = "exec 3<&0 4>&1 0</dev/null 1>/dev/null; export LISTEN_PID=$$";
        let command = match sockets.len() {
            0 => "exec \"$0\" serve".to_owned(),
            count => format!("{hand_over} LISTEN_FDS={count}; exec \"$0\" serve"),
        };
        let handed =
            |at: usize| sockets.get(at).map(|socket| OwnedFd::from(socket.try_clone().unwrap()).into());
        let (stdin, stdout) =
            (handed(0).unwrap_or_else(Stdio::null), handed(1).unwrap_or_else(Stdio::inherit));
        let mut child = Command::new("sh")
            .args(["-c", &format!("ulimit -n {descriptors}; {command}")])
            .arg(env!("CARGO_BIN_EXE_viability-proxy"))
            .current_dir(folder.path())
            .env_clear()
            .env("VIABILITY__SERVER__LISTEN", "127.0.0.1:0")
            .env("VIABILITY__ADMIN__LISTEN", "127.0.0.1:0")
            .env("VIABILITY__ADMIN__TOKEN_ENV", "ADMIN_TOKEN")
            .env("ADMIN_TOKEN", ADMIN_TOKEN)
            .env("VIABILITY__LOG__FORMAT", "json")
            .envs(env.iter().copied())
            .kill_on_drop(true)
            .stdin(stdin)
            .stdout(stdout)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (mut listening, mut published, mut start_log) = (None, false, Vec::new());
        while listening.is_none() || !published {
            let line = lines.next_line().await.unwrap().expect("it runs");
            let entry: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"));
            let address = |field: &str| entry[field].as_str().unwrap().parse().unwrap();
            match entry["message"].as_str() {
                Some("listening") => listening = Some((address("public"), address("admin"))),
                Some("refresh published") => published = true,
                _ => {}
            }
            start_log.push(line);
        }
        let (told, log) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let _gone = told.send(line);
            }
        });
        let (public, admin) = listening.unwrap();
        Self { child, public, admin, log, start_log, descriptors, folder }
    }

    /// Changes its limit while it runs; not above that of its start.
    pub(crate) fn limit_descriptors(&self, to: u64) {
        let limit = Rlimit { current: Some(to), maximum: Some(self.descriptors) };
        prlimit(Some(self.pid()), Resource::Nofile, limit).unwrap();
    }

    /// The lines of its log until its first refresh was done.
    pub(crate) fn start_log(&self) -> &[String] {
        &self.start_log
    }

    /// Its threads now: names, and how far each stands back.
    pub(crate) fn threads(&self) -> Vec<(String, i32)> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id().unwrap())).unwrap();
        let read = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("stat")).ok();
        // Number, name in brackets, then numbers again, of which the 17th is the niceness (proc_pid_stat(5)).
        let stats = tasks.filter_map(|task| read(task.unwrap()));
        let told = stats.map(|stat| {
            let (name, numbers) = stat.split_once('(').unwrap().1.rsplit_once(") ").unwrap();
            (name.to_owned(), numbers.split(' ').nth(16).unwrap().parse().unwrap())
        });
        told.collect()
    }

    /// Its configuration file.
    pub(crate) fn config_file(&self) -> PathBuf {
        self.folder.path().join("config.toml")
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Waits until it has ended by itself; whether in order.
    pub(crate) async fn ended(&mut self) -> bool {
        tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it ends").unwrap().success()
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id().unwrap()).unwrap()).unwrap()
    }

    /// Ends it by SIGKILL.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// The next line of its log.
    pub(crate) async fn next_line(&mut self) -> String {
        tokio::time::timeout(PATIENCE, self.log.recv()).await.expect("a line").expect("it runs")
    }

    /// The message of that.
    pub(crate) async fn next_message(&mut self) -> String {
        let entry: Value = serde_json::from_str(&self.next_line().await).unwrap();
        entry["message"].as_str().unwrap().to_owned()
    }

    /// What it has logged and nobody has read.
    pub(crate) fn log_so_far(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.log.try_recv().ok()).collect()
    }
}
