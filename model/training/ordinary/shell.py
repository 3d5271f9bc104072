"""People who talk about commands: READMEs, instructions, help pages, crontabs."""

import re

from .words import fill, lines, phrase, pick, prose

COMMANDS = (
    "curl -fsSL https://§host/install.sh | sh", "curl -sSL https://get.§brand.dev | bash -s -- --version §ver", "wget -qO- https://§host/§file | tar xz", "git clone https://github.com/§brand/§w.git && cd §w", "git checkout -b §w/§w origin/main", "git log --oneline | head -n §dd", "git rebase -i HEAD~§d", "docker run --rm -it -v $(pwd):/src -p §n:80 §brand/§w:§ver", "docker compose up -d --build §w",
    "docker exec -it §w_1 bash", "npm install --save-dev @§brand/§w@^§ver", "npm run build && npm test", "npx create-§w-app my-§w", "pip install -r requirements.txt", "python3 -m venv .venv && source .venv/bin/activate", "sudo apt-get update && sudo apt-get install -y §prog", "brew install §brand/tap/§w", "go install github.com/§brand/§w/cmd/§w@latest", "cargo build --release --features §w",
    "make -j§d §w", "ls -la ~/§w", "cat §file | grep -i §w | sort | uniq -c", "find . -name '*.§ext' -mtime +§dd -print", "find §w -type f -exec chmod 644 {} \\;", "ps aux | grep §w", "kill -9 $(pgrep §w)", "tail -f /var/log/§brand/§w.log", "ssh -L §n:localhost:§n §first@§host", "scp §file §w@§host:/srv/§w/", "rsync -avz --delete ./§w/ §host:/var/www/§w", "chmod +x §w.sh && ./§w.sh --§w=§n",
    "export PATH=\"$HOME/.§brand/bin:$PATH\"", "export §ID=§w", "echo \"§W $§ID\" >> ~/.bashrc", "for f in *.§ext; do mv \"$f\" \"${f%.§ext}.§ext\"; done", "while read -r line; do echo \"$line\"; done < §file", "if [ -f §file ]; then source §file; fi", "systemctl restart §w && journalctl -u §w -n §dd", "crontab -e", "kubectl get pods -n §w -o wide | grep §w", "kubectl apply -f §w.yaml", "helm upgrade --install §w §brand/§w --set image.tag=§ver",
    "terraform plan -out=§w.tfplan", "sed -i 's/§w/§w/g' §file", "awk -F, '{ print $§d, $§d }' §w.csv", "jq '.§w[] | select(.§c > §n) | .§c' §w.json", "ffmpeg -i §w.mp4 -vf scale=§n:-1 §w.gif", "openssl req -new -newkey rsa:2048 -nodes -keyout §w.key -out §w.csr", "psql -h localhost -U §w -d §w -c 'select count(*) from §t'", "mysqldump -u §w -p §w > backup-§date.sql", "ping -c §d §host", "nslookup §host", "df -h && du -sh *",
    "tar -czf §w.tgz §w/", "ln -s /opt/§brand/§w /usr/local/bin/§w", "xargs -n1 -P§d §prog < §w.txt", "nohup ./§w > §w.log 2>&1 &", "curl -X POST -H 'Content-Type: application/json' -d '{\"§c\":\"§w\"}' https://§host§path", "curl -s \"https://§host§path\" | jq .", "echo $((§n * §n))", "which §prog || echo \"please install §prog\"", "set -euo pipefail", "trap 'rm -f \"$tmp\"' EXIT", "ipconfig /all", "dir C:\\§W /s", "Get-ChildItem -Recurse | Where-Object { $_.Length -gt §n }",
    "Set-ExecutionPolicy RemoteSigned -Scope CurrentUser", "choco install §w -y", "winget install §Brand.§W", "net start §W", "bundle exec rails db:migrate", "php artisan migrate --seed", "composer require §brand/§w:^§ver", "ansible-playbook -i hosts §w.yml --tags §w", "vim +§n §file", "history | awk '{print $2}' | sort | uniq -c | sort -rn | head", "task default: system(\"§w\") if system(\"which §w > /dev/null 2>&1\")",
)
STEPS = ("Clone the repository and install it:", "Run the following in a terminal:", "Then restart the §w:", "On §os:", "To build it yourself:", "To undo, use:", "If it's still §adj, try:", "Now you can §v the §w:", "Alternatively:", "For §w users:", "Check that it works:", "Don't run this as root!")
SYSTEMS = "macOS Linux Windows Debian Ubuntu Fedora Arch FreeBSD WSL Alpine".split()
TALK = (
    "How do I kill a process that doesn't answer? `§cmd` does nothing.", "After `§cmd` I get: §prog: command not found", "bash: line §d: §prog: Permission denied. §s", "What does the | in `§cmd` mean? And && vs ||?", "Don't pipe curl to sh, read the script first.", "The cron job \"§d §d * * * /usr/local/bin/§w\" didn't run on §date.", "You can also use §prog; echo and cat work the same on §os.", "§first wrote: just do §cmd and then restart.",
    "ping me when you're back; cat pictures are in #random", "echo is not on §os, use print; sleep §d between the calls", "§s (tested with §prog §ver on §os)", "Where is the PATH set: ~/.profile, ~/.bashrc or /etc/environment?", "/etc/hosts on §os needs the line §ip §host", "The file /etc/§brand/§w.conf is missing; `ls -l` says it's owned by root.", "I typed §cmd and it asked for a password?", "which §w id should I use; who am i talking to?",
    "sudo make me a sandwich :)", "Does `§prog --help | less` work for you? On §os it says: §prog: invalid option -- '§az'", "Exit code §n means the §w was killed (137 = out of memory).", "§prog: error: unrecognized arguments: --§w", "Use $(…) rather than backticks, and quote \"$§id\" -- always.", "whoami prints the user, id prints the groups, uname -a the kernel: that's lesson §d.", "cat food, dog food & sleep mask: echo dot; nail file; curl cream; ping pong table",
    "The docs say: set §ID to the URL, then exec the §w; see man §prog(§d).", "rm -rf is dangerous, check twice; use trash-cli instead.", "In Windows, cmd.exe and PowerShell differ: `dir`, `type §w.txt`, `ipconfig`.", "§W: §cmd  # §s",
)
_BOUNDARY = re.compile(r"(\w)[;|&]+\s*$")


def _command(rng):
    return fill(rng, rng.choice(COMMANDS))


_EXTRA = {"cmd": _command, "os": lambda rng: rng.choice(SYSTEMS)}


def _readme(rng):
    out = [fill(rng, rng.choice(("# §W §w", "## Installation", "## Getting started", "§Brand §w §ver", "### Usage")))]
    if rng.random() < 0.6:
        out.append(prose(rng, 1, 2))
    for _ in range(rng.randint(1, 4)):
        commands = "\n".join(rng.choice(("", "", "$ ")) + _command(rng) for _ in range(rng.randint(1, 3)))
        out.append(pick(rng, STEPS, **_EXTRA) + "\n\n" + rng.choice(("```sh\n{}\n```", "```bash\n{}\n```", "```\n{}\n```", "    {}")).format(commands))
    return "\n\n".join(out)


def _help(rng):
    """A page in the manner of short command references."""
    name = fill(rng, "§prog")
    out = [f"# {name}" + rng.choice(("", fill(rng, " §w"))), fill(rng, "> §W and §v §ws of any kind." ) + fill(rng, "\n> More information: <§url>.")]
    for _ in range(rng.randint(2, 6)):
        options = fill(rng, rng.choice(("--§w {{path/to/§file}}", "-§az {{§n}}", "{{[-§az|--§w]}} \"{{§w}}\"", "{{path/to/§w}} | {{§prog}}", "--§w={{§w|§w}} {{§url}}", "< {{path/to/§w}} > {{path/to/§w}}", "$({{§w}}) && {{§w}}")))
        out.append(fill(rng, "- §V the §adj §w:", V=lambda r: fill(r, "§v").title()) + f"\n\n`{name} {options}`")
    return "\n\n".join(out)


def _crontab(rng):
    out = ["# " + prose(rng, 1, 1)] if rng.random() < 0.6 else []
    for _ in range(rng.randint(1, 5)):
        out.append(f"{rng.choice(('*', '*/5', '0', str(rng.randrange(60))))} {rng.choice(('*', '3', '*/2', '8-18'))} * * {rng.choice(('*', '1-5', '0'))} " + fill(rng, rng.choice(("/usr/local/bin/§w --§w >> /var/log/§w.log 2>&1", "cd /srv/§w && ./§w.sh", "root test -x /usr/sbin/§w && §w --quiet", "php /var/www/§w/artisan schedule:run"))))
    return "\n".join(out)


def shell(rng):
    """Instructions, help pages and questions about commands; never a bare operator before a command."""
    draw = rng.random()
    if draw < 0.42:
        return " ".join(pick(rng, TALK, **_EXTRA) for _ in range(rng.choice((1, 1, 2))))
    if draw < 0.62:
        return _readme(rng)
    if draw < 0.76:
        return _help(rng)
    if draw < 0.82:
        return _crontab(rng)
    if draw < 0.9:
        return rng.choice(("Dockerfile line: RUN ", "$ ", "In the Makefile:\n\t", "CI step: ", "script: ")) + "\n".join(lines(rng, COMMANDS, 1, 3))
    words = pick(rng, TALK, **_EXTRA).split()
    start = rng.randrange(max(1, len(words) - 4))
    return " ".join(words[start:start + rng.randint(3, 10)]).lstrip("|&;`$(<> ") + rng.choice(("", " " + phrase(rng)))
