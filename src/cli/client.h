/* client.h: who answers the commands: the daemon, over its Unix socket; or, when none runs, the
 * same program opened in this process (app/app.h). The lock on the database decides which; commands
 * cannot tell, except that work in the background ends with them. One thread. */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include "app/config.h"
#include "base/base.h"
#include "base/err.h"
#include "http/message.h"

typedef struct Client Client;

/* ERR_RETRY when somebody holds the database but does not answer, or the socket is not ours to
 * open; any other kind when the program could not be opened here. */
WARN_UNUSED bool client_open(const Config *config, Client **out, Err *err);
void client_close(Client **client);

/* True when the answers come from this process: workers stop when the command ends. */
bool client_is_here(const Client *client);

/* Waits for the whole answer, however long it takes to make. *out is the caller's
 * (http_reply_fini). */
WARN_UNUSED bool client_request(Client *client, HttpMethod method, Str path_and_query,
	Str content_type, Str body, HttpReply *out, Err *err);

#endif
