"""What somebody might take in the proxy's place: Redis, PostGIS, nginx with its cache full. Each holds the same boxes or answers, on the servers' core;
one that can't be had here is skipped, visibly."""

import atexit
import math
import os
import pwd
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from statistics import median

import rounds
from rounds import SERVER_CORE
from stage import HERE, lab, servers

RADIUS = 300
HOT = 1_000
BATCH = 1_000
DATABASE_CONNECTIONS = 8
REDIS_CONNECTIONS = 64
COMPARED = 200
# The most boxes of either list of an answer.
CAP = 100
# The spheres differ (6,378,100 m; Redis 6,372,797.56; PostGIS 6,371,008), and Redis rounds a place to a cell of 0.6 m.
EDGE = 0.002
EARTH = 6_378_100

NGINX = """daemon off; master_process off; worker_processes 1; pid {place}/pid; error_log stderr;
events {{ worker_connections 4096; multi_accept on; }}
http {{
  access_log off; keepalive_requests 1000000000; tcp_nodelay on; default_type application/json;
  client_body_temp_path {place}/1; proxy_temp_path {place}/2; fastcgi_temp_path {place}/3; uwsgi_temp_path {place}/4; scgi_temp_path {place}/5;
  proxy_cache_path {place}/cache levels=1:2 keys_zone=answers:64m max_size=1g inactive=24h use_temp_path=off;
  upstream behind {{ server {behind}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_cache answers; proxy_cache_valid 200 24h; proxy_cache_key $request_uri; add_header X-Cache $upstream_cache_status;
    }}
  }}
}}
"""
POSTGRES = """listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{place}'
shared_buffers = 1GB
work_mem = 64MB
maintenance_work_mem = 512MB
max_parallel_workers_per_gather = 0
max_parallel_maintenance_workers = 0
fsync = off
jit = off
autovacuum = off
session_preload_libraries = 'postgis-3'
"""
TABLES = """create extension postgis;
create table boxes (id text, lat float8, lng float8);
\\copy boxes from '{boxes}' csv
alter table boxes add column place geography;
update boxes set place = st_setsrid(st_makepoint(lng, lat), 4326)::geography;
create index on boxes using gist (place);
create table homes (number serial primary key, lat float8, lng float8);
\\copy homes (lat, lng) from '{points}' csv
alter table homes add column place geography;
update homes set place = st_setsrid(st_makepoint(lng, lat), 4326)::geography;
vacuum full analyze boxes;
vacuum full analyze homes;
"""
QUERY = """select b.id, st_distance(b.place, h.place, false) away from homes h join boxes b on st_dwithin(b.place, h.place, {radius}, false)
where h.number = :number order by away;
"""


class Redis(servers.Server):
    package = "redis-server"

    def __init__(self, setting):
        self.public = ("127.0.0.1", servers.free_port())
        words = ["--port", str(self.public[1]), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(lab.folder())]
        lab.Process.__init__(self, ["redis-server", *words], cores=SERVER_CORE)
        self.name, self.setting = "Redis", setting
        self.listens()
        self.line = socket.create_connection(self.public)
        self.answers = self.line.makefile("rb")
        for at in range(0, len(setting.boxes), BATCH):
            members = [word for box, lat, lng in setting.boxes[at : at + BATCH] for word in (str(lng), str(lat), box)]
            self.order("GEOADD", "boxes", *members)
        assert self.order("ZCARD", "boxes") == len(setting.boxes)

    @staticmethod
    def found():
        return shutil.which("redis-server")

    def order(self, *words):
        self.line.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word.encode()) for word in words))
        return self.answer()

    def answer(self):
        kind, rest = (line := self.answers.readline().rstrip())[:1], line[1:]
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return self.answers.read(int(rest) + 2)[:-2].decode()
        assert kind == b"*", line
        return [self.answer() for _ in range(int(rest))]

    def near(self, number):
        lat, lng = self.setting.points[number]
        return set(self.order("GEOSEARCH", "boxes", "FROMLONLAT", str(lng), str(lat), "BYRADIUS", str(RADIUS), "m", "ASC"))

    def load(self, radius=RADIUS):
        def load(seconds, number):
            words = [sys.executable, HERE / "redis_load.py", self.public[1], self.setting.file, radius, seconds, REDIS_CONNECTIONS]
            return rounds.told([*words, number * 7_919], seconds)

        return load

    def check_client(self):
        """Whether the client could send more than the server answers."""
        self.load(1)(1, 0)
        case = rounds.Case("Redis", self.pid, self.load())
        full = rounds.measure([case], 1, 1, warm=False)["Redis"][0]
        empty = self.load(1)(1, 0)
        print(
            f"\nThe client of Redis: {empty['answers'] / empty['seconds']:,.0f} answers/s of 1 m, {full['rate']:,.0f}/s of {RADIUS} m, "
            f"for which Redis uses {full['busy']:.0%} of its core."
        )


class PostGis(servers.Server):
    package = "postgresql-15-postgis-3"

    def __init__(self, setting):
        self.bin = Path("/usr/lib/postgresql") / self.found().parents[1].name / "bin"
        self.public, self.name, self.place = ("127.0.0.1", servers.free_port()), "PostGIS", lab.folder()
        data = self.place / "data"
        user = []
        if os.geteuid() == 0:
            # It refuses to run as root.
            owner = pwd.getpwnam("postgres")
            os.chown(self.place, owner.pw_uid, owner.pw_gid)
            user = ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
        subprocess.run([*user, self.bin / "initdb", "-D", data, "-U", "bench", "-A", "trust"], stdout=subprocess.DEVNULL, check=True, cwd="/")
        with (data / "postgresql.conf").open("a") as conf:
            conf.write(POSTGRES.format(port=self.public[1], place=self.place))
        lab.Process.__init__(self, [*user, str(self.bin / "postgres"), "-D", str(data)], cores=SERVER_CORE, cwd="/")
        # Before the script kills what it started: so that its children and its memory go with it.
        atexit.register(self.kill, lab.signal.SIGQUIT)
        self.listens()
        lab.until("PostGIS answers", lambda: self.sql("select 1", fails=True) == ["1"])
        rows = lab.folder() / "boxes"
        rows.write_text("".join(f"{box},{lat},{lng}\n" for box, lat, lng in setting.boxes))
        self.sql(TABLES.format(boxes=rows, points=setting.file))
        self.script = lab.folder() / "query"
        self.script.write_text(f"\\set number random(1, {len(setting.points)})\n" + QUERY.format(radius=RADIUS).replace("\n", " "))

    @staticmethod
    def found():
        """Its control file, wherever a PostgreSQL of Debian's has it."""
        return next(iter(sorted(Path("/usr/share/postgresql").glob("*/extension/postgis.control"))), None)

    def words(self, tool):
        return [str(self.bin / tool), "-h", self.public[0], "-p", str(self.public[1]), "-U", "bench"]

    def sql(self, text, fails=False):
        words = [*self.words("psql"), "-qAt", "-v", "ON_ERROR_STOP=1", "-d", "postgres", "-f", "-"]
        done = subprocess.run(words, input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/")
        if done.returncode and not fails:
            raise RuntimeError(f"PostGIS: {done.stderr[-2000:]}")
        return done.stdout.split()

    def near(self, number):
        query = QUERY.format(radius=RADIUS).replace(":number", str(number + 1))
        return {line.partition("|")[0] for line in self.sql(query)}

    def load(self, seconds, number):
        place = lab.folder()
        words = [*self.words("pgbench"), "-n", "-M", "prepared", "-c", str(DATABASE_CONNECTIONS), "-T", str(seconds), "-f", self.script]
        said = rounds.client([*words, "-l", f"--log-prefix={place}/log", "postgres"], seconds)
        told = dict(line.split(": ", 1) if ": " in line else line.split(" = ", 1) for line in said.splitlines() if ": " in line or " = " in line)
        # The third word of a line is what the transaction took, in microseconds.
        took = sorted(int(line.split()[2]) / 1e6 for log in place.iterdir() for line in log.read_text().splitlines())
        answers, rate = len(took), float(told["tps"].split()[0])
        figures = {"answers": answers, "seconds": answers / rate, "errors": int(told["number of failed transactions"].split()[0])}
        return figures | {"p50": lab.percentile(took, 0.5), "p99": lab.percentile(took, 0.99)}


class Nginx(servers.Server):
    package = "nginx-light"

    def __init__(self, setting, behind):
        place = lab.folder()
        self.name, self.public = "nginx", ("127.0.0.1", servers.free_port())
        conf = place / "conf"
        conf.write_text(NGINX.format(place=place, behind=":".join(map(str, behind)), port=self.public[1]))
        lab.Process.__init__(self, ["nginx", "-e", "stderr", "-c", str(conf)], cores=SERVER_CORE)
        self.listens()
        for wanted in ("MISS", "HIT"):
            for lat, lng in setting.points[:HOT]:
                status, headers, _ = lab.call(self.public, "GET", setting.proxy.path(lat, lng, RADIUS))
                assert (status, headers["x-cache"]) == (200, wanted), (status, headers)

    @staticmethod
    def found():
        return shutil.which("nginx")


def had(peer):
    """Whether it is there, or Debian's package could be installed."""
    if not peer.found():
        servers.installed(peer.package, peer.package)
    return peer.found()


def away(one, other):
    """Metres between two places, on the proxy's sphere."""
    (lat, lng), (lat2, lng2) = (map(math.radians, place) for place in (one, other))
    half = math.sin((lat2 - lat) / 2) ** 2 + math.cos(lat) * math.cos(lat2) * math.sin((lng2 - lng) / 2) ** 2
    return 2 * EARTH * math.asin(math.sqrt(half))


def same_answers(setting, peer):
    """Whether the peer finds the boxes that the proxy finds, but for those at the very edge."""
    places = {box: (lat, lng) for box, lat, lng in setting.boxes}
    alike, edge, differ, capped, sizes = 0, 0, [], 0, []
    for number in range(COMPARED):
        _, _, body = setting.proxy.ask(*setting.points[number], radius=RADIUS)
        lists = [lab.json.loads(body)[name] for name in ("boxes", "refused_boxes")]
        if any(len(one) >= CAP for one in lists):
            capped += 1
            continue
        ours, theirs = {box["id"] for one in lists for box in one}, peer.near(number)
        sizes.append(len(ours))
        odd = ours ^ theirs
        alike += not odd
        if odd and all(abs(away(setting.points[number], places[box]) / RADIUS - 1) <= EDGE for box in odd):
            edge += 1
        elif odd:
            differ.append((setting.points[number], len(odd)))
    print(
        f"\nSame answers checked, {peer.name}: of {COMPARED} places {alike} the same boxes, {edge} but for boxes within {EDGE:.1%} of the edge, "
        f"{len(differ)} others, {capped} not compared (a list is full); {median(sizes or [0]):.0f} boxes at the median."
    )
    return [f"{peer.name} finds other boxes at {place} ({count})" for place, count in differ]
