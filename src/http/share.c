#include "base/base.h"

#include "http/share.h"

#include "base/alloc.h"
#include "base/map.h"

struct Shares {
	Map *by_group; /* to Share, own */
};

static Str key_of(const IpAddress *group)
{
	return (Str){ (const char *)group->bytes, sizeof group->bytes };
}

Shares *shares_open(void)
{
	Shares *shares = xcalloc(1, sizeof *shares);
	shares->by_group = map_open();
	return shares;
}

void shares_close(Shares **shares)
{
	if (!*shares)
		return;
	size_t at = 0;
	Str key;
	void *share;
	while (map_next((*shares)->by_group, &at, &key, &share))
		free(share);
	map_close(&(*shares)->by_group);
	free(*shares);
	*shares = NULL;
}

Share *shares_get(Shares *shares, const IpAddress *client)
{
	IpAddress group = ip_group(client);
	Share *share = map_get(shares->by_group, key_of(&group));
	if (share)
		return share;
	share = xcalloc(1, sizeof *share);
	share->group = group;
	map_put(shares->by_group, key_of(&group), share);
	return share;
}

void shares_settle(Shares *shares, Share *share)
{
	if (share->connections > 0 || share->parked > 0)
		return;
	map_remove(shares->by_group, key_of(&share->group));
	free(share);
}

size_t shares_count(const Shares *shares)
{
	return map_count(shares->by_group);
}
