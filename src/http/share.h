/* share.h: what each client holds of the server at this moment, so that none can take all of it. A
 * client is what client_ip.h calls a group: an IPv4 address, or the /64 of an IPv6 one. Only
 * clients that hold something are remembered. One thread at a time. */
#ifndef HTTP_SHARE_H
#define HTTP_SHARE_H

#include "base/base.h"
#include "http/client_ip.h"

typedef struct Shares Shares;

typedef struct Share {
	IpAddress group;
	size_t connections;
	size_t parked; /* requests in work */
} Share;

Shares *shares_open(void);
void shares_close(Shares **shares); /* also those that still hold something */

/* The client's share, which is an empty one for a new client. Valid until shares_settle. */
Share *shares_get(Shares *shares, const IpAddress *client);
/* After a count went down, or shares_get without a count: forgets a share that holds nothing. */
void shares_settle(Shares *shares, Share *share);
size_t shares_count(const Shares *shares);

#endif
