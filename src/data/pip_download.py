"""Downloads one source archive through pip, and runs nothing that is in it.

`pip download` would run the archive's setup.py to learn its dependencies. So this is pip's own command up to
that point: pip reads its settings (indexes, proxies, certificates, credentials), finds the file and opens the
connection, and the bytes are written down as they come. Whether they are the right ones is for the caller to
check.

Arguments: PACKAGE FILE_NAME DESTINATION [OPTION OF PIP]...
Exit code 10: there is no pip. 11: pip has no such file. 12: pip cannot be used in this way.
"""

import sys

# With `python -c` the working directory comes first, and what lies there is not to be taken for pip.
sys.path = [entry for entry in sys.path if entry]

import shutil

package, file_name, destination = sys.argv[1:4]

try:
    import pip
except ImportError:
    sys.exit(10)


def unusable(error):
    print(f"pip {pip.__version__}: {error}", file=sys.stderr)
    return 12


try:
    from pip._internal.commands.download import DownloadCommand
except ImportError as error:
    sys.exit(unusable(error))


class SourceDownload(DownloadCommand):
    """`pip download` that looks for one file of one package and does not unpack it."""

    # Nothing is installed, so PIP_REQUIRE_VIRTUALENV does not matter.
    ignore_require_venv = True

    def run(self, options, args):
        try:
            session = self.get_default_session(options)
            # Nothing of it is run, so it does not matter which Python it is for.
            finder = self._build_package_finder(options, session, ignore_requires_python=True)
            links = [candidate.link for candidate in finder.find_all_candidates(package)]
        except (AttributeError, TypeError) as error:
            return unusable(error)
        link = next((link for link in links if link.filename == file_name), None)
        if link is None:
            return 11
        # As it is on the server: no decompression on the way.
        headers = {"Accept-Encoding": "identity"}
        with session.get(link.url_without_fragment, headers=headers, stream=True) as response:
            response.raise_for_status()
            with open(destination, "wb") as file:
                shutil.copyfileobj(response.raw, file)
        return 0


try:
    command = SourceDownload("download", "")
except TypeError as error:
    sys.exit(unusable(error))
settings = ["--no-binary=:all:", "--no-input", "--no-color", "--disable-pip-version-check"]
sys.exit(command.main(settings + sys.argv[4:]))
