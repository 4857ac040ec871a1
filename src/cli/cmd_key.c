#include "base/base.h"
#include "cli/command.h"

#include "base/file.h"
#include "base/rng.h"
#include "base/secret.h"
#include "model/keyring.h"

#include <errno.h>
#include <unistd.h>

enum { KEY_FILE_BYTES_MAX = 16 * 1024, KEY_FILE_MODE = 0600, KEY_FOLDER_MODE = 0700 };

/* The file appears under its name whole or not at all, and never in place of another: link(2)
 * refuses to replace. */
static bool write_new(const char *path, Str content, Err *err)
{
	CLEANUP(buf_fini) Buf fresh = BUF_MAX(CONFIG_TEXT_MAX + 32);
	buf_printf(&fresh, "%s.new-%ld", path, (long)getpid());
	if (!file_write_durable(buf_z(&fresh), content, KEY_FILE_MODE, err))
		return false;
	bool ok = true;
	if (link(buf_z(&fresh), path) != 0)
		ok = errno == EEXIST ? ERR(err, ERR_CONFLICT,
			     "%s exists and is left as it is: links already sent and the history "
			     "need its keys. Give key_file another path, or move it away",
			     path)
				     : ERR_CODE(err, ERR_FATAL, errno, "%s cannot be made: %s",
					     path, strerror(errno));
	unlink(buf_z(&fresh));
	return ok;
}

static bool make_folder_of(const char *path, Err *err)
{
	const char *slash = strrchr(path, '/');
	if (!slash || slash == path)
		return true;
	char folder[CONFIG_TEXT_MAX];
	bool fits = str_copy((Str){ path, (size_t)(slash - path) }, folder, sizeof folder);
	assert(fits);
	return dir_make(folder, KEY_FOLDER_MODE, err);
}

static bool key_init(const char *path, Err *err)
{
	Keyring keyring = { 0 };
	keyring_generate(&keyring, rng_system());
	CLEANUP(buf_wipe) Buf text = BUF_MAX(KEY_FILE_BYTES_MAX);
	keyring_put(&text, &keyring);
	keyring_fini(&keyring);
	return buf_check(&text, "the key file", err) && make_folder_of(path, err)
		&& write_new(path, buf_str(&text), err);
}

static ExitCode run_key_init(Cli *cli)
{
	Err err = { 0 };
	const char *path = cli->config->key_file;
	if (!key_init(path, &err))
		return cli_fail(&err);
	CLEANUP(buf_fini) Buf text = BUF_MAX(8 * CONFIG_TEXT_MAX);
	buf_printf(&text,
		"%s is made, readable by you alone.\n"
		"Back it up now, and apart from the database: without it the links in mails\n"
		"already sent stop working and the history cannot be read; with both, anybody\n"
		"can read both.\n",
		path);
	return cli_print(buf_str(&text), &err) ? EXIT_DONE : cli_fail(&err);
}

const Command cmd_key_init = {
	.name = "key init",
	.args = "",
	.needs_config = true,
	.run = run_key_init,
	.help = "Make the key file, once, before the first start",
	.detail = "Writes fresh keys to key_file with mode 0600 and makes its folder where that\n"
		  "is missing. Never replaces a file.",
};
