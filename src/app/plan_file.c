#include "base/base.h"

#include "app/plan_file.h"

#include "base/file.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define PART ".part"

static bool fail(const PlanFile *file, const char *what, Err *err)
{
	return ERR_CODE(err, errno == ENOENT ? ERR_MISSING : ERR_FATAL, errno, "cannot %s %s: %s",
		what, file->path, strerror(errno));
}

static bool sink_write(PlanSink *sink, Str bytes, Err *err)
{
	PlanFile *file = CONTAINER_OF(sink, PlanFile, sink);
	while (bytes.len > 0) {
		ssize_t written = write(file->fd, bytes.ptr, bytes.len);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return fail(file, "write", err);
		bytes = str_from_pos(bytes, (size_t)written);
	}
	return true;
}

static bool source_read(PlanSource *source, char *out, size_t room, size_t *out_len, Err *err)
{
	PlanFile *file = CONTAINER_OF(source, PlanFile, source);
	ssize_t got;
	do {
		got = read(file->fd, out, room);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return fail(file, "read", err);
	*out_len = (size_t)got;
	return true;
}

static void set_path(PlanFile *file, const Config *config, int64_t run_id, const char *end)
{
	*file = (PlanFile){ .sink = { sink_write }, .source = { source_read }, .fd = -1 };
	snprintf(file->path, sizeof file->path, "%s/runs/%lld.plan%s", config->state_dir,
		(long long)run_id, end);
}

bool plan_file_create(const Config *config, int64_t run_id, PlanFile *out, Err *err)
{
	char folder[CONFIG_TEXT_MAX + 16];
	snprintf(folder, sizeof folder, "%s/runs", config->state_dir);
	if (!dir_make(folder, 0700, err))
		return false;
	PlanFile file;
	set_path(&file, config, run_id, PART);
	file.fd = open(file.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (file.fd < 0)
		return fail(&file, "create", err);
	*out = file;
	return true;
}

static bool sync_folder(const PlanFile *file, Err *err)
{
	char folder[sizeof file->path];
	snprintf(folder, sizeof folder, "%s", file->path);
	*strrchr(folder, '/') = '\0';
	CLEANUP(fd_close) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return (fd >= 0 && fsync(fd) == 0) || fail(file, "make durable", err);
}

bool plan_file_keep(PlanFile *file, Err *err)
{
	char kept[sizeof file->path];
	snprintf(kept, sizeof kept, "%s", file->path);
	kept[strlen(kept) - strlen(PART)] = '\0';
	if (fsync(file->fd) != 0 || rename(file->path, kept) != 0)
		return fail(file, "keep", err);
	memcpy(file->path, kept, sizeof kept);
	fd_close(&file->fd);
	return sync_folder(file, err);
}

bool plan_file_open(const Config *config, int64_t run_id, PlanFile *out, Err *err)
{
	PlanFile file;
	set_path(&file, config, run_id, "");
	file.fd = open(file.path, O_RDONLY | O_CLOEXEC);
	if (file.fd < 0)
		return fail(&file, "open", err);
	*out = file;
	return true;
}

bool plan_file_rewind(PlanFile *file, Err *err)
{
	return lseek(file->fd, 0, SEEK_SET) == 0 || fail(file, "rewind", err);
}

void plan_file_close(PlanFile *file)
{
	if (file->fd < 0)
		return;
	fd_close(&file->fd);
	if (str_ends(str_from(file->path), STR(PART)))
		unlink(file->path);
}

/* -------------------------------------------------------------------- show */

static void put_row(Buf *rows, const PlanRow *row)
{
	JsonWriter w;
	jw_init(&w, rows);
	jw_object_begin(&w);
	jw_kv_str(&w, "does", str_from(plan_kind_name(row->kind)));
	jw_kv_str(&w, "because", str_from(plan_reason_name(row->reason)));
	if (row->person_id)
		jw_kv_i64(&w, "person_id", row->person_id);
	if (sfid_is_set(&row->sfid)) {
		jw_kv_str(&w, "object", str_from(sf_object_name(row->object)));
		jw_kv_str(&w, "record_id", sfid_str(&row->sfid));
	}
	if (row->kind == PLAN_ADOPT)
		jw_kv_str(&w, "address", address_str(&row->address));
	if (row->kind == PLAN_TICK) {
		jw_kv_bool(&w, "email_opt_out", row->fields & FIELD_STANDARD);
		jw_kv_bool(&w, "sales_opt_out", row->fields & FIELD_SALES);
	}
	if (sfid_is_set(&row->cause_sfid))
		jw_kv_str(&w, "cause_record_id", sfid_str(&row->cause_sfid));
	if (row->cause_person)
		jw_kv_i64(&w, "cause_person_id", row->cause_person);
	jw_object_end(&w);
}

bool plan_show(const Config *config, int64_t run_id, size_t limit, Buf *rows, Err *err)
{
	CLEANUP(plan_file_close) PlanFile file = { .fd = -1 };
	if (!plan_file_open(config, run_id, &file, err))
		return false;
	CLEANUP(plan_reader_close) PlanReader *reader = NULL;
	PlanHeader header;
	if (!plan_reader_open(&file.source, &reader, &header, err))
		return false;
	for (size_t i = 0; i < limit; i++) {
		PlanRow row = { 0 };
		bool end = false;
		if (!plan_read(reader, &row, &end, err))
			return false;
		if (end)
			break;
		if (i > 0)
			buf_put_char(rows, ',');
		put_row(rows, &row);
	}
	return true;
}
