"""Downloads a source distribution through pip's own index settings, without running anything in it.

`pip download` would run the package's setup.py to learn its metadata. pip is asked only where the file is (its own
index configuration decides), and the file is fetched from there.

Arguments: PACKAGE FILENAME DESTINATION. Exit code 3 where pip is missing, 4 where pip knows no such file.
"""

import importlib.util
import re
import shutil
import subprocess
import sys
import urllib.request

package, filename, destination = sys.argv[1:4]
if importlib.util.find_spec("pip") is None:
    sys.exit(3)
listing = subprocess.run(
    [sys.executable, "-m", "pip", "index", "versions", "-vvv", "--no-binary=:all:", package],
    stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT,
    text=True,
).stdout
links = re.findall(r"Found link (\S+)", listing)
links = [link for link in links if link.split("#")[0].endswith("/" + filename)]
if not links:
    print(listing[-2000:], file=sys.stderr)
    sys.exit(4)
with urllib.request.urlopen(links[0].split("#")[0], timeout=120) as response, open(destination, "wb") as file:
    shutil.copyfileobj(response, file)
