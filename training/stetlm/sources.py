"""Where corpus text comes from: a git directory, a checked-out folder, an npm package, a Debian source package.

Each source has `commit` (or release), `sizes` {path: bytes}, `read(paths)` yielding (path, content), and
`licence_of(path)`, None where the folders' licence files decide. An npm package counts with the original files that
its source maps carry (`sourcesContent`), so that a repository too large to bring can still be read; what the package
itself ships is compiled. Nothing here fetches: `npm pack NAME` and `apt-get source NAME`, unpacked, are the input.

Packages are known by their repository, not by their own name: a held-out project must not come in by its release.
"""
import fnmatch
import json
import os
import posixpath
import re
import subprocess
import threading

MAX_MAP_BYTES = 64_000_000  # larger source maps are whole applications, and slow to parse

# Debian's names for licences (https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/) as SPDX has them.
DEBIAN_LICENCES = {"expat": "MIT", "mit": "MIT", "bsd-2-clause": "BSD-2-Clause", "bsd-3-clause": "BSD-3-Clause", "isc": "ISC", "apache-2.0": "Apache-2.0", "cc0-1.0": "CC0-1.0", "unlicense": "Unlicense", "0bsd": "0BSD"}


def git(git_dir: str, *args: str) -> bytes:
    return subprocess.run(["git", "--git-dir", git_dir, *args], stdout=subprocess.PIPE, check=True).stdout


class GitSource:
    """The newest commit of a bare git directory."""

    def __init__(self, path: str):
        self.git_dir = path
        self.commit = git(path, "rev-parse", "HEAD").decode().strip()
        self._sha = {}
        self.sizes = {}  # path -> bytes
        for line in git(path, "ls-tree", "-r", "-l", "-z", "HEAD").split(b"\0"):
            if not line:
                continue
            meta, name = line.split(b"\t", 1)
            mode, kind, sha, size = meta.split()
            # `-` as a size: the blob is not in this snapshot (archives leave out blobs over 4 MiB).
            if kind == b"blob" and mode != b"120000" and size.isdigit():
                decoded = name.decode("utf-8", "replace")
                self._sha[decoded], self.sizes[decoded] = sha, int(size)

    def licence_of(self, path: str) -> "str | None":
        return None

    def read(self, paths: "list[str]"):
        """Yields (path, content) through one cat-file process."""
        cat = subprocess.Popen(["git", "--git-dir", self.git_dir, "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

        def feed():
            for path in paths:
                cat.stdin.write(self._sha[path] + b"\n")
            cat.stdin.close()

        threading.Thread(target=feed, daemon=True).start()
        for path in paths:
            header = cat.stdout.readline().split()
            if len(header) == 3:
                data = cat.stdout.read(int(header[2]))
                cat.stdout.read(1)
                yield path, data
        cat.wait()


class FolderSource:
    """A checked-out folder; the commit is unknown unless it is a git work tree."""

    def __init__(self, path: str):
        self.root, self.sizes = path, {}
        try:
            self.commit = subprocess.run(["git", "-C", path, "rev-parse", "HEAD"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout.decode().strip()
        except (OSError, subprocess.CalledProcessError):
            self.commit = ""
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(f for f in folders if f not in (".git", "node_modules"))
            for name in names:
                full = os.path.join(folder, name)
                if not os.path.islink(full):
                    self.sizes[os.path.relpath(full, path).replace(os.sep, "/")] = os.path.getsize(full)

    def licence_of(self, path: str) -> "str | None":
        return None

    def read(self, paths: "list[str]"):
        for path in paths:
            with open(os.path.join(self.root, path), "rb") as file:
                yield path, file.read()


class NpmSource(FolderSource):
    """An unpacked npm package: the files inside its source maps, and its licence files as they lie there."""

    def __init__(self, path: str):
        super().__init__(path)
        with open(os.path.join(path, "package.json"), encoding="utf-8") as file:
            package = json.load(file)
        self.commit = f"npm {package['name']}@{package['version']}"
        self.repo = repository_of(json.dumps(package.get("repository", "")))
        if not self.repo:
            raise OSError("package.json names no repository, so it cannot be told whether that is held out")
        maps = sorted(p for p, size in self.sizes.items() if p.endswith(".map") and size <= MAX_MAP_BYTES)
        self._inside = {}
        for name in maps:
            self._inside.update((p, text) for p, text in self._originals(name) if p not in self._inside)
        # Some packages ship their TypeScript as it is; JavaScript outside of maps is what was compiled from it.
        kept = re.compile(r"(^|/)(licen[cs]e|copying|package\.json)|(?<!\.d)\.[mc]?tsx?$", re.I)
        outside = {p: n for p, n in self.sizes.items() if kept.search(p)}
        self.sizes = {**outside, **{p: len(text) for p, text in self._inside.items()}}

    def _originals(self, name: str):
        """(path, content) of the files in one source map; a map that cannot be parsed has none."""
        try:
            with open(os.path.join(self.root, name), encoding="utf-8") as file:
                found = json.load(file)
            pairs = zip(found["sources"], found.get("sourcesContent") or [])
            root = found.get("sourceRoot") or ""
        except (ValueError, KeyError, TypeError, OSError):
            return
        for source, text in pairs:
            if not isinstance(source, str) or not isinstance(text, str) or "node_modules" in source:
                continue
            joined = posixpath.join(root, source)
            inner = re.sub(r"^\w+://[^/]*/", "", joined)
            # A path is relative to its map, unless a bundler gave it a scheme of its own.
            full = posixpath.normpath(inner if inner != joined else posixpath.join(posixpath.dirname(name), inner))
            yield re.sub(r"^(\.\./|/)+", "", full), text.encode()

    def read(self, paths: "list[str]"):
        for path in paths:
            if path in self._inside:
                yield path, self._inside[path]
            else:
                yield from super().read([path])


class DebianSource(FolderSource):
    """An unpacked Debian source package; debian/copyright says the licence of each file."""

    def __init__(self, path: str):
        super().__init__(path)
        with open(os.path.join(path, "debian", "copyright"), encoding="utf-8", errors="replace") as file:
            text = file.read()
        self._rules = [rule for paragraph in re.split(r"\n\s*\n", text) if (rule := debian_rule(paragraph))]
        if not self._rules:
            raise OSError("debian/copyright is not in the machine-readable format")
        with open(os.path.join(path, "debian", "changelog"), encoding="utf-8", errors="replace") as file:
            self.commit = "debian " + re.sub(r"^(\S+) \(([^)]+)\).*", r"\1 \2", file.readline().strip())
        control = os.path.join(path, "debian", "control")
        if os.path.exists(control):
            with open(control, encoding="utf-8", errors="replace") as file:
                text = f"{text}\n{file.read()}"
        # Debian's own repositories of packaging say nothing of where the code comes from.
        upstream = re.findall(r"^(?:Source|Homepage|Upstream-Contact):\s*(.*(?:\n[ \t].*)*)", text, re.M)
        self.repo = repository_of(" ".join(upstream))
        if not self.repo:
            raise OSError("debian/copyright and debian/control name no repository, so it cannot be told whether that is held out")

    def licence_of(self, path: str) -> "str | None":
        found = "unknown"
        for patterns, licence in self._rules:  # the last paragraph that matches counts
            if any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns):
                found = licence
        return found


def debian_rule(paragraph: str) -> "tuple[list[str], str] | None":
    """(patterns, SPDX id) of a Files paragraph. `A or B` is the one that may be used; `A and B` has to be both."""
    files = re.search(r"^Files:\s*((?:.*)(?:\n[ \t].*)*)", paragraph, re.M)
    licence = re.search(r"^License:[ \t]*(.+)", paragraph, re.M)
    if not files or not licence:
        return None
    ways = []
    for way in re.split(r"\s+or\s+", licence.group(1).strip().lower()):
        ways.append([DEBIAN_LICENCES.get(part.strip(" ,"), "unknown") for part in re.split(r"\s+and\s+", way)])
    usable = next((way for way in ways if "unknown" not in way), ["unknown"])
    return files.group(1).split(), usable[0]


def repository_of(text: str) -> str:
    """owner/name of the first address of a well-known forge in the text, or `github:owner/name`; else empty."""
    found = re.search(r"(?:git(?:hub|lab)\.com[/:]|codeberg\.org/|github:)([\w.-]+/[\w.-]+)", text)
    found = found or re.fullmatch(r'"([\w.-]+/[\w.-]+)"', text.strip())  # npm's short form
    return re.sub(r"\.git$", "", found.group(1)) if found else ""


def open_source(path: str):
    """(owner/name, source): of a folder called owner+name, of one with a bare `repo` inside, or of an unpacked package."""
    path = os.path.abspath(path)
    inner = os.path.join(path, "repo")
    name = os.path.basename(path).replace("+", "/", 1)
    if os.path.isfile(os.path.join(inner, "HEAD")):
        return name, GitSource(inner)
    if os.path.isfile(os.path.join(path, "HEAD")):
        return name, GitSource(path)
    if "/" not in name:  # a package lies in a folder of its own name
        for source, mark in ((DebianSource, "debian/copyright"), (NpmSource, "package.json")):
            if os.path.isfile(os.path.join(path, mark)):
                package = source(path)
                return package.repo, package
    return name, FolderSource(path)
