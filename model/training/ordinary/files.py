"""Names and places of people's files, pictures written into markup, and commands quoted in a sentence."""

import base64

from .words import ALNUM, fill, letters, phrase, sentence

FOLDERS = ("Photos", "Documents", "Desktop", "Downloads", "My Documents", "Invoices", "Backup", "Projects", "Scans", "Music", "§W", "§W §W", "§W 20§dd", "20§dd", "20§dd-0§d", "§W & §W", "§W (copy)", "§W_final", "Eigene Dateien", "Escritorio", "Bureau", "共享", "Общее")
NAMES = ("IMG_§n.JPG", "DSC0§n.jpg", "report 20§dd.docx", "§w.xlsx", "§w-§w_v§d.pptx", "Invoice §n.pdf", "§W §W.pdf", "scan0§d.tif", "§w.zip", "§w (§d).png", "Screenshot 20§dd-0§d-1§d at 10.4§d.0§d.png", "readme.txt", "§w.psd", "VID_§n.mp4", "§w.dwg", "~$§w.docx", "§w.csv", "§w.sql", "§w.bak", "setup.exe", "§w.config", "§w.log", "")
DRIVES = ("C:", "D:", "E:", "Z:", "c:", "H:", "S:")
SHARES = ("\\\\fileserver", "\\\\nas", "\\\\§w", "\\\\§w-nas", "\\\\server0§d", "\\\\§ip", "\\\\§w.§w.local", "//§w", "\\\\§host@SSL\\DavWWWRoot", "\\\\?\\UNC\\§w", "\\\\wsl$\\Ubuntu\\home")
ROOTS = ("/home/§w", "/Users/§w", "~", "/Volumes/§W", "/mnt/§w", "/media/§w/§W", "/storage/emulated/0/DCIM/Camera", "/sdcard/Download", "/srv/§w", "/data/§w", ".", "..", "file:///home/§w", "file:///C:/Users/§w", "smb://§w/§w", "afp://§w.local/§W", "content://media/external/images", "gs://§w-§w", "s3://§w-§w", "/var/www/§w", "/opt/§w", "$HOME", "%USERPROFILE%", "%APPDATA%\\§W")


def path(rng):
    """One path as a person or a program writes it."""
    draw = rng.random()
    start = rng.choice(DRIVES) if draw < 0.4 else rng.choice(SHARES) if draw < 0.65 else rng.choice(ROOTS)
    mark = "\\" if draw < 0.65 and not start.startswith("//") or "\\" in start or "%" in start else "/"
    if draw < 0.08:
        mark = "/"
    folders = [rng.choice(FOLDERS) for _ in range(rng.randint(0, 4))]
    return fill(rng, mark.join([start] + folders + [rng.choice(NAMES)]))


def files(rng):
    """A path alone, several, or one in what somebody says."""
    draw = rng.random()
    if draw < 0.5:
        return path(rng)
    if draw < 0.65:
        return rng.choice(("\n", ", ", "; ", "\r\n", " | ", "\t")).join(path(rng) for _ in range(rng.randint(2, 6)))
    where = path(rng)
    where = rng.choice((where, where, f'"{where}"', f"'{where}'", f"`{where}`", f"<{where}>", f"({where})"))
    return rng.choice((f"{phrase(rng)}: {where}", f"It is in {where} now.", f"{sentence(rng)} See {where}", f"I saved it as {where}, {sentence(rng)}", f"Copied {where} to {path(rng)}", f"{where} not found", f"Error: could not open {where} (error 0x{rng.randrange(1 << 16):04x})", f"path={where}", f"Please put the file into {where} and tell {phrase(rng)}."))


TYPES = (("image/gif", "R0lGODlh"), ("image/png", "iVBORw0KGgoAAAANSUhEUgAA"), ("image/jpeg", "/9j/4AAQSkZJRgABAQ"), ("image/webp", "UklGR"), ("image/x-icon", "AAABAAEAEBAAAAEA"), ("font/woff2", "d09GMgABAAAAA"), ("application/pdf", "JVBERi0xLjQK"), ("audio/mpeg", "SUQzBAAAAAAA"), ("image/bmp", "Qk0"), ("video/mp4", "AAAAIGZ0eXBpc29t"), ("image/jpg", "/9j/"), ("image/avif", "AAAAIGZ0eXBhdmlm"))
AROUND = ("<img src=\"{}\" alt=\"§w\">", "<img src='{}' alt='§w'/>", "<img alt=\"§ph\" src=\"{}\" width=\"§n\" height=\"§n\">", "<img class=\"§w\" src=\"{}\">", "<p>§ph</p><p><img src=\"{}\"></p>", "<figure><img src=\"{}\"><figcaption>§ph</figcaption></figure>", "![§w]({})", "![§ph]({} \"§w\")", "background-image: url({});", ".§w{{background:url(\"{}\") no-repeat 0 0}}", "<link rel=\"icon\" href=\"{}\">", "<source type=\"image/webp\" srcset=\"{}\">", "<input type=\"image\" src=\"{}\" alt=\"§w\">", "<a href=\"{}\" download=\"§w.png\">§ph</a>", "<div style=\"background: url('{}')\">§ph</div>", "§ph {} §ph", "[img]{}[/img]", "<image xlink:href=\"{}\" width=\"§n\"/>", "{{\"avatar\":\"{}\"}}", "{}", "<IMG SRC=\"{}\" BORDER=0>", "&lt;img src=&quot;{}&quot;&gt;", "<td background=\"{}\">§w</td>", "<object data=\"{}\" type=\"application/pdf\"></object>", "<video poster=\"{}\" controls></video>")
DRAWINGS = ("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 §d §d'><path fill='§rgb' d='M§d §d¦h§d¦v§d¦z'/></svg>", "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"§n\" height=\"§n\"><circle cx=\"§d\" cy=\"§d\" r=\"§d\"/><text x=\"1\" y=\"9\">§w</text></svg>")


def picture(rng):
    """A picture written into markup, a sheet or a text as a data: URL (RFC 2397)."""
    if rng.random() < 0.15:
        drawing = fill(rng, rng.choice(DRAWINGS))
        url = "data:image/svg+xml;base64," + base64.b64encode(drawing.encode()).decode() if rng.random() < 0.5 else "data:image/svg+xml;utf8," + drawing.replace("#", "%23").replace('"', "'")
    else:
        kind, head = rng.choice(TYPES)
        body = letters(rng, ALNUM + "+/", 20, rng.choice((80, 80, 400, 2500)))
        url = f"data:{kind}{rng.choice(('', '', '', ';charset=utf-8', ';name=' + fill(rng, '§w.png')))};base64," + (head if rng.random() < 0.85 else "") + body + rng.choice(("", "", "=", "=="))
    return fill(rng, rng.choice(AROUND).replace("{}", "\0").replace("{{", "{").replace("}}", "}")).replace("\0", url)


TOOLS = ("grep -c §w §w.txt | sort -u", "rg §w --files | tee §w.txt", "grep -rn '§w' . | head", "time ls -la | sort", "git log --oneline | head -§d", "less §w.log", "ps aux | grep §w", "df -h", "find . -name \"*.§w\" | xargs wc -l", "tail -f /var/log/§w.log", "docker ps -a | grep §w", "kubectl get pods -n §w | grep §w", "history | grep §w", "du -sh * | sort -h", "npm run §w && npm test", "cd §w; make", "sudo apt install §w", "awk '{print $§d}' §w.txt", "sed 's/§w/§w/g' §w.md", "time curl -s https://§host/§w | jq .", "echo $PATH", "cmd /c dir /s *.§w", "ipconfig /all", "Get-Process | Sort-Object CPU", "chmod +x §w.sh", "python3 -m §w", "ssh §w@§host", "tar -xzf §w.tgz", "sudo ping §host", "sudo uname -a", "env | sort", "which §w")


def commands(rng):
    """A sentence that quotes a command."""
    tool = lambda: fill(rng, rng.choice(TOOLS))
    quoted = lambda: rng.choice((f"`{tool()}`", f"`{tool()}`", f"``{tool()}``", f'"{tool()}"', f"<code>{tool()}</code>", f"$ {tool()}", f"[code]{tool()}[/code]", f"\n```\n{tool()}\n```\n", f"'{tool()}'"))
    return rng.choice((f"{sentence(rng)} {quoted()} {phrase(rng)}", f"Have you tried {quoted()}?", f"What does {quoted()} do? {sentence(rng)}", f"{quoted()} gives me {phrase(rng)}", f"1. {quoted()}\n2. {quoted()}\n3. {sentence(rng)}", f"I ran {quoted()} and then {quoted()}, {sentence(rng)}", f"- {quoted()}: {phrase(rng)}", f"run {quoted()} first", f"{phrase(rng)} ({quoted()})", f"{letters(rng, ALNUM, 3, 8)}: {quoted()} failed, {sentence(rng)}"))
