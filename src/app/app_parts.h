/* app_parts.h: the parts that app.c wires together: the workers and what all of them need. */
#ifndef APP_APP_PARTS_H
#define APP_APP_PARTS_H

#include "app/app.h"
#include "app/config.h"
#include "app/org_worker.h"
#include "app/push_worker.h"
#include "app/sync_worker.h"
#include "app/worker.h"
#include "base/base.h"
#include "web/web.h"

/* For the daemon's server; lives as long as the App. */
Web *app_web(App *app);

#endif
